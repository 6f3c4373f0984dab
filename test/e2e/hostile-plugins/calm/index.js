export const tools = { echo: async ({ text }) => ({ text }) };
