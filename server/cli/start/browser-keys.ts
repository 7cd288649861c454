import type { z } from 'zod'
import { commands } from '#shared/commands/registry.ts'
import { Fault } from '#shared/domain/fault.ts'
import { mayBear } from '#shared/protocol/authority.ts'
import type { CollectorConfig } from '../../config.ts'
import { type KeyRequest, keyRequests } from '../../people/browser-keys.ts'
import { printable } from './api.ts'
import { isWhole, type PublicHalf } from './key-file.ts'
import { withStore } from './store.ts'

/** Verbs by name, and no `*`: an agent that hasn't heard of browsers' keys holds to them as well. */
export const forBrowsers = [...commands.values()].flatMap(({ verb, risk }) => (mayBear({ isBrowser: true }, risk) ? verb : []))

/** @param fingerprint as its owner said it: the list is only the collector's word. */
export async function requestedHalf(config: CollectorConfig, fingerprint: string): Promise<z.infer<typeof PublicHalf>> {
  const found = (await requestsAt(config)).find(({ kid }) => kid === fingerprint)
  if (found && (await isWhole(found))) return found
  throw new Fault('key-missing', 'No key with this fingerprint was handed in; its owner sees it in the console, under My key.')
}

export async function listRequests(config: CollectorConfig): Promise<string> {
  const requests = await requestsAt(config)
  return requests.length === 0 ? 'Nobody has handed in a browser’s key.\n' : requests.map(lineOf).join('')
}

const requestsAt = (config: CollectorConfig): Promise<KeyRequest[]> => withStore(config, ({ db }) => keyRequests(db))

const lineOf = ({ name, login, kid, askedAt }: KeyRequest): string =>
  `  ${printable(`${name} (${login})`)}, ${new Date(askedAt).toISOString().slice(0, 16)}Z: ${kid}\n`
