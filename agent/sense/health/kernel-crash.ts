import { z } from 'zod'
import { days, minutes } from '#shared/domain/time.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.crash: the kernel of this machine crashed and left a record (pstore, kdump). On servers each time; on somebody's own machine from the
 * third within seven days. It happened and never clears; what was there when the agent first looked is told of too, because
 * whoever installs an agent wants to know, but once. The community has no rule for it.
 */
const folders = ['/sys/fs/pstore', '/var/lib/systemd/pstore', '/var/crash']
const State = z.object({ seen: z.array(z.string().max(600)).max(500), at: z.array(z.number()).max(500) })

export default defineHealth({
  name: 'kernel-crash',
  platforms: ['linux'],
  every: minutes(10),
  runbook: 'Read the last lines before it (the record’s path stands in the facts); look for a driver, memory (memtest) or heat.',
  start: { seen: [], at: [] } as z.infer<typeof State>,
  remembers: State,
  async read({ vitals }): Promise<string[]> {
    const found = await Promise.all(folders.map(async (folder) => (await vitals.names(folder)).map((name) => `${folder}/${name}`)))
    return found
      .flat()
      .filter((path) => /dmesg|vmcore|^\/var\/lib\/systemd\/pstore\/\d|\/\d{12}$/.test(path))
      .map((path) => path.slice(0, 600))
      .slice(0, 500)
  },
  decide({ seen, at }, records, { now, role, limits }) {
    const fresh = records.filter((path) => !seen.includes(path))
    const lately = [...at.filter((each) => each > now - days(7)), ...(fresh.length > 0 ? [now] : [])].slice(-500)
    const state = { seen: records, at: lately }
    if (fresh.length === 0 || (role === 'workstation' && lately.length < limits.onWorkstationCount)) return { state, findings: undefined }
    const summary = 'The kernel of this machine crashed and left a record'
    const facts = { records: fresh.slice(0, 20), crashesIn7Days: lately.length }
    const happened = [{ kind: 'health.crash', severity: 'medium' as const, about: 'kernel', summary, facts }]
    return { state, findings: undefined, happened }
  },
})
