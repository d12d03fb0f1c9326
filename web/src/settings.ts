/** What the page has to know of its server. */
export interface Settings {
  /** Where Socket.IO is (the setting `path`). */
  path: string;
  sampleUsers: string[];
}

export async function fetchSettings(): Promise<Settings> {
  const answer = await fetch('demo/settings.json');
  // A server that asks for tokens leaves the page out; it may come from elsewhere (`npm run dev`).
  return answer.ok ? (answer.json() as Promise<Settings>) : { path: '/socket.io/', sampleUsers: [] };
}
