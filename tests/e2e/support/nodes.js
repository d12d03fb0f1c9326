// Several nodes on one Redis, however that is set up, with a world each.
import { Server } from './server.js';
import { until } from './time.js';
import { World } from './world.js';

/**
 * Starts a node on each of `urls`, runs `body({nodes, worlds})` and kills the nodes, whatever happened.
 * A failure shows what they logged.
 */
export async function onNodes(urls, settings, body) {
  const node = (url) => Server.start({ 'redis.url': url, 'redis.prefix': 'presence:', ...settings });
  const nodes = await Promise.all(urls.map(node));
  const worlds = nodes.map((each) => new World(each));
  let failure;
  try {
    await body({ nodes, worlds });
  } catch (error) {
    failure = error;
    error.message += `\n${nodes.map((each) => each.log).join('\n---\n')}`;
  }
  await Promise.all(nodes.map((each) => each.end('SIGKILL').catch(() => {})));
  for (const world of worlds) {
    try {
      world.end();
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure) throw failure;
}

const isReady = async (node) => (await node.request('GET', '/readyz')).status === 200;

/** Waits until all of these nodes are ready, or until none of them is. */
export const readiness = (nodes, wanted, within = 15000) =>
  until(async () => (await Promise.all(nodes.map(isReady))).every((ready) => ready === wanted), {
    what: `all nodes to be ${wanted ? 'ready' : 'unready'}`,
    within,
  });

/** All of them are contacts of each other. */
export async function friends(world, ...users) {
  for (const [i, user] of users.entries()) await world.befriend(user, ...users.slice(i + 1));
}
