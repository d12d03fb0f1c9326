/** The time of day, as the browser's language writes it. */
export const clockTime = (date: Date) => date.toLocaleTimeString([], { hour12: false });
