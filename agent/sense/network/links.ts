/** Counters of one interface since it came up. */
export interface Link {
  name: string
  packets: number
  errors: number
  dropped: number
}

export interface LinkStep extends Omit<Link, 'name'> {
  at: number
}

/** Ends of containers and virtual machines come and go, and have no cable. */
const isPassing = (name: string): boolean => name === 'lo' || /^(veth|cali|tap|tun|vnet|ifb|docker|br-|virbr)/.test(name)

/** /proc/net/dev: after the name received bytes, packets, errors, drops, …, then sent bytes, packets, errors, drops. */
export function readLinks(netDev: string): Link[] {
  return netDev.split('\n').flatMap((line) => {
    const [, name, rest] = /^\s*(\S+):\s*(\d.*)$/.exec(line) ?? []
    if (name === undefined || rest === undefined || isPassing(name)) return []
    const [, packetsIn = 0, errorsIn = 0, dropsIn = 0, , , , , , packetsOut = 0, errorsOut = 0, dropsOut = 0] = rest
      .trim()
      .split(/\s+/)
      .map(Number)
    return [{ name, packets: packetsIn + packetsOut, errors: errorsIn + errorsOut, dropped: dropsIn + dropsOut }]
  })
}

export const linesOf = (steps: readonly LinkStep[]): string =>
  steps
    .map(({ at, packets, errors, dropped }) => `${new Date(at).toISOString()} packets ${packets} errors ${errors} dropped ${dropped}`)
    .join('\n')
