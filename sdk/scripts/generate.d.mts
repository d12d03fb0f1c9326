export function readDocument(): Promise<unknown>;
export function generated(document: unknown): Promise<Record<string, string>>;
