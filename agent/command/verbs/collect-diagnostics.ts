import collectDiagnostics from '#shared/commands/collect-diagnostics.ts'
import { diagnose } from '../diagnostics.ts'
import { defineVerb } from '../verb.ts'

export default defineVerb({
  command: collectDiagnostics,
  async run({ host }, _args, _order, live) {
    const sections = await diagnose(host, (count, of) => live.progress(count / of, `${count} of ${of} sections read`))
    const cut = sections.filter(({ isCut }) => isCut).map(({ name }) => name)
    const detail = `${sections.length} sections${cut.length > 0 ? `; cut: ${cut.join(', ')}` : ''}`
    return { outcome: 'succeeded', detail, output: { sections } }
  },
})
