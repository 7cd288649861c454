import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { JsonFile } from '../json-file.ts'
import type { HealthMemory } from './look.ts'

/** What health detectors remember over restarts: one file for all. A file that can't be read or written costs what it held, and nobody's look. */
export function openHealthMemory(file: JsonFile, log: Logger): HealthMemory {
  let known: Promise<Record<string, unknown>> | undefined
  async function load(): Promise<Record<string, unknown>> {
    const found = await file.read().catch((error: unknown) => ({ kind: 'broken' as const, reason: sentenceOf(error) }))
    if (found.kind === 'broken') log.warn({ reason: found.reason }, 'what health detectors remembered is lost')
    return found.kind === 'value' && typeof found.value === 'object' && found.value !== null ? { ...found.value } : {}
  }
  const all = (): Promise<Record<string, unknown>> => {
    known ??= load()
    return known
  }
  return {
    read: async (name) => (await all())[name],
    async write(name, state) {
      const states = await all()
      states[name] = state
      await file
        .write(states)
        .catch((error: unknown) => log.warn({ reason: sentenceOf(error) }, 'what a health detector remembers could not be kept'))
    },
  }
}
