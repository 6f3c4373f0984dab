// The entry of a thread that does not keep away from stdout: the negative control.

export const work = () => {
  console.log('from console.log');
  return { kind: 'done', value: 'said' };
};
