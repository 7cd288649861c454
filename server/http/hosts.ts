import type { FastifyRequest } from 'fastify'
import { refuse } from './problems.ts'

/*
 * Enters: a request. Leaves: nothing, or a Refusal. Promises: it runs before anything else is read of the request, for
 * upgrades too, which come as requests because nobody here listens for them. On failure: 403.
 * Threat: DNS rebinding (a stranger's name that resolves to this collector: its Host is not on the list) and forged
 * requests from another page (its Origin, or Sec-Fetch-Site, is not the console's).
 */

export interface Door {
  /** Where the console listens; a name people may dial, unless it is a wildcard. */
  host: string
  /** What people's browsers dial. */
  publicUrl?: string
}

export type CheckDoor = (request: FastifyRequest) => void

export function createDoor({ host, publicUrl }: Door): CheckDoor {
  const publicAddress = publicUrl === undefined ? null : URL.parse(publicUrl)
  const names = new Set([nameOf(host), publicAddress?.hostname])

  /** An address that the caller reached us by can't be rebound: the attacker's page has a name. */
  const isOurs = (name: string, localAddress: string): boolean =>
    names.has(name) || name === localAddress || (isLoopback(localAddress) && isLoopback(name))

  return (request) => {
    const name = nameOf(request.host)
    if (!name || !isOurs(name, plain(request.socket.localAddress))) throw foreignHost(request.host)
    // Documents and their assets may be linked to from anywhere; they hold nothing and do nothing.
    if (!isGuarded(request)) return
    const origins = [`${request.protocol}://${request.host}`, publicAddress?.origin]
    const { origin } = request.headers
    const site = request.headers['sec-fetch-site']
    if (origin !== undefined && !origins.includes(origin)) throw foreignOrigin()
    if (site !== undefined && site !== 'same-origin' && site !== 'none') throw foreignOrigin()
  }
}

/** By the route that was found: a target may be written in several ways, also as `http://host/api/…` (RFC 9112 §3.2.2). */
const isGuarded = (request: FastifyRequest): boolean => request.method !== 'GET' || request.routeOptions.url?.startsWith('/api/') === true

/** `[::1]:7840` → `[::1]`, in lower case; an empty name for what is no host at all. */
function nameOf(host: string): string {
  const isBareIpv6 = host.includes('::') && !host.startsWith('[')
  return URL.parse(`http://${isBareIpv6 ? `[${host}]` : host}`)?.hostname ?? ''
}

/** As a URL writes an address: IPv4 in IPv6 unwrapped, IPv6 in brackets. */
function plain(address = ''): string {
  return nameOf(address.replace(/^::ffff:(?=\d+\.)/, ''))
}

const isLoopback = (name: string): boolean => name === 'localhost' || name === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(name)

function foreignHost(host: string) {
  const detail = `This collector does not answer to ${JSON.stringify(host)}. Open it by its own address, or start it with --public-url.`
  return refuse('foreign-host', detail)
}

function foreignOrigin() {
  return refuse('foreign-origin', 'This request comes from a page that is not the console. Open the console itself.')
}
