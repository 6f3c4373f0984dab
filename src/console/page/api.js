// What a page of the console asks the server. The page's half of the session stays in this tab, for this origin only; the other half is
// a cookie that no script sees.

const KEY = 'smcp-page';

/** A refusal of the server: `code`, a sentence, and what to do. */
export class Refused extends Error {
  constructor({ code, message, details }) {
    super(message);
    this.code = code;
    this.remedy = typeof details?.remedy === 'string' ? details.remedy : '';
  }
}

export function keepSession(page) {
  sessionStorage.setItem(KEY, page);
}

export function forgetSession() {
  sessionStorage.removeItem(KEY);
}

/** The answer's JSON. Throws `Refused`. */
export async function ask(method, path, body) {
  const page = sessionStorage.getItem(KEY);
  const response = await fetch(`/console/api/${path}`, {
    method,
    cache: 'no-store',
    credentials: 'same-origin',
    headers: {
      ...(page === null ? {} : { 'x-smcp-page': page }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Refused(answer.error);
  return answer;
}
