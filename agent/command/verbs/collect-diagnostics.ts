import collectDiagnostics from '#shared/commands/collect-diagnostics.ts'
import { archiveOf, diagnose } from '../diagnostics.ts'
import { defineVerb } from '../verb.ts'

/** Reading takes a part of the time, handing over the rest. */
const readingPart = 0.7

export default defineVerb({
  command: collectDiagnostics,
  async run({ host, handOver, time, collectorAddress }, _args, { id }, live) {
    const told = (count: number, of: number): void => live.progress((readingPart * count) / of, `${count} of ${of} sections read`)
    const reads = await diagnose(host, await collectorAddress(), told)
    const archive = archiveOf(reads, time.now())
    const handed = await handOver(id, archive, (ratio) =>
      live.progress(readingPart + (1 - readingPart) * ratio, `${Math.round(100 * ratio)} % of the archive handed over`),
    )
    const sections = reads.map(({ section }) => section)
    const cut = sections.filter(({ isCut }) => isCut).map(({ name }) => name)
    const whole = handed.kind === 'stored' ? '; the archive has all of it' : `; without an archive: ${handed.reason}`
    const detail = `${sections.length} sections${cut.length > 0 ? `; cut: ${cut.join(', ')}` : ''}${whole}`
    const output = { sections, ...(handed.kind === 'stored' && { archive: { sha256: handed.sha256, bytes: archive.length } }) }
    return { outcome: 'succeeded', detail, output }
  },
})
