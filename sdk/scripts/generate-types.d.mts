export function readDocument(): Promise<unknown>;
export function withDefinitions(document: unknown): unknown;
export function wireTypes(document: unknown): Promise<string>;
