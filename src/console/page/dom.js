// Elements made of text. Whatever an agent wrote becomes text, never markup: nothing here takes HTML.

/** An element with attributes and children; a child that is a string is text. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function button(text, className, onClick) {
  const made = element('button', { type: 'button', class: className }, text);
  made.addEventListener('click', onClick);
  return made;
}

/** Tells a person; screen readers say it. `isWrong`: it did not work. */
export function tell(text, isWrong = false) {
  const status = document.getElementById('status');
  status.textContent = text;
  status.classList.toggle('wrong', isWrong);
}

/** What went wrong, in words. */
export function describe(thrown) {
  if (thrown?.name === 'NotAllowedError') return 'The passkey was not used. Try again.';
  if (thrown?.name === 'InvalidStateError') return 'This device has a passkey of yours already.';
  const remedy = thrown?.remedy ? ` ${thrown.remedy}` : '';
  return `${thrown?.message ?? 'Something went wrong.'}.${remedy}`;
}

/** Runs it with the button switched off; what goes wrong is told. */
export async function act(pressed, run) {
  pressed.disabled = true;
  try {
    await run();
  } catch (thrown) {
    tell(describe(thrown), true);
  } finally {
    pressed.disabled = false;
  }
}
