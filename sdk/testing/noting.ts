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

/** Does something while a property of an object is another one: a value, or what a getter gives. */
export async function during<T extends object>(
  object: T,
  name: keyof T & string,
  other: { value: unknown } | { get: () => unknown },
  work: () => unknown,
): Promise<void> {
  const own = Object.getOwnPropertyDescriptor(object, name);
  const writable = 'value' in other && { writable: true };
  Object.defineProperty(object, name, { ...other, ...writable, configurable: true });
  try {
    await work();
  } finally {
    if (own) Object.defineProperty(object, name, own);
    else delete object[name];
  }
}
