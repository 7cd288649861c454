import { type ChildProcess, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Network } from './namespaces.ts'

/** One frame on a machine's cable, as tcpdump says it. */
export interface Frame {
  /** Epoch ms. */
  at: number
  says: string
}

export const canCapture = spawnSync('tcpdump', ['--version']).status === 0

/** Seen from the switch: what comes `in` there was sent by the machine, what goes `out` will reach it. Resolves once it listens. */
export async function capture(
  tap: Network<'endpoint'>['tap'],
  direction: 'in' | 'out',
  into: Frame[],
  filter: readonly string[] = [],
): Promise<ChildProcess> {
  const child = tap('endpoint', 'tcpdump', (device) => ['-i', device, '-Q', direction, '-n', '-tt', '-l', '--immediate-mode', ...filter])
  if (!child.stdout || !child.stderr) throw new Error('no pipe')
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [at = '', ...says] = line.split(' ')
    into.push({ at: Number(at) * 1_000, says: says.join(' ') })
  })
  for await (const line of createInterface({ input: child.stderr })) if (line.includes('listening on')) break
  return child
}

/** Neither to the collector nor what keeps its addresses reachable. */
export const isForbidden =
  (collector: string, port: number) =>
  ({ says }: Frame): boolean =>
    !says.startsWith('ARP') &&
    !says.includes(`> ${collector}.${port}:`) &&
    !/ICMP6, (neighbor|router) (solicitation|advertisement)|multicast listener report/.test(says)
