/** A function that notes what it is called with, for tests that look at calls. */
export function noting<Args extends unknown[], Result>(
  work: (...args: Args) => Result,
): ((...args: Args) => Result) & { calls: Args[] } {
  const calls: Args[] = [];
  const noted = (...args: Args) => {
    calls.push(args);
    return work(...args);
  };
  return Object.assign(noted, { calls });
}

/** Does something while a property of an object is read as another value. */
export async function during<T extends object>(
  object: T,
  name: keyof T & string,
  read: () => unknown,
  work: () => unknown,
): Promise<void> {
  const own = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { get: read, configurable: true });
  try {
    await work();
  } finally {
    if (own) Object.defineProperty(object, name, own);
    else delete object[name];
  }
}
