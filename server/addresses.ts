import { hostname, networkInterfaces } from 'node:os'
import { type CollectorConfig, urlHost } from './config.ts'

/** Where agents dial in, as enrolment tokens carry it. @param port the one that was opened. */
export function agentsUrlOf(config: CollectorConfig, port: number): string {
  return `https://${urlHost(dialledHost(config))}:${port}`
}

/** Every name and address under which somebody may dial this collector; its certificate bears them. */
export function certificateHosts(config: CollectorConfig): string[] {
  const listening = [config.console.host, config.agents.host].filter((host) => !isWildcard(host))
  return [...new Set(['localhost', '127.0.0.1', '::1', hostname(), dialledHost(config), ...listening, ...ownAddresses()])]
}

/** The public host; else the one that was named; else the first address by which others can reach this machine. */
function dialledHost({ publicUrl, agents }: CollectorConfig): string {
  if (publicUrl !== undefined) return new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')
  return isWildcard(agents.host) ? (ownAddresses()[0] ?? '127.0.0.1') : agents.host
}

const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::'

/** IPv4 first; link-local addresses mean nothing without an interface. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const outward = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
  return outward.sort((a, b) => a.family.localeCompare(b.family)).map(({ address }) => address)
}
