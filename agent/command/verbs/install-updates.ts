import installUpdates from '#shared/commands/install-updates.ts'
import { minutes } from '#shared/domain/time.ts'
import type { Host } from '../../host/host.ts'
import { defineVerb, type VerbOutcome } from '../verb.ts'

/** A kernel with its modules on a slow disk; whoever breaks off dpkg leaves a machine to mend by hand. */
const longestMs = minutes(120)
const maxChanges = 500
/** Settings that somebody changed stay as they are. */
const upgrade = ['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold', '--with-new-pkgs', '-y', '-q', 'upgrade']

/** Debian's way, without a shell: what is installed, before and after, says what happened. */
export default defineVerb({
  command: installUpdates,
  async run({ host, isTrial }) {
    if (isTrial) return refused('this is a trial on somebody’s own machine')
    const before = await versions(host)
    if (!before) return refused('this machine has no dpkg; only Debian’s way of updates is known')
    for (const args of [['-q', 'update'], upgrade]) {
      const said = await host.run('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args], { timeoutMs: longestMs })
      if (said.kind === 'timed-out') return { outcome: 'failed', detail: `apt-get did not end within ${longestMs / minutes(1)} min` }
      if (said.kind === 'missing' || said.code === 127) return refused('this machine has no apt-get')
      if (said.code !== 0)
        return { outcome: 'failed', detail: `apt-get ended with code ${said.code}: ${lastLine(said.stderr || said.stdout)}` }
    }
    return outcomeOf(before, (await versions(host)) ?? new Map(), await needsRestart(host))
  },
})

function outcomeOf(before: Map<string, string>, after: Map<string, string>, isRestartNeeded: boolean): VerbOutcome {
  const changed = [...after].flatMap(([name, to]) => (before.get(name) === to ? [] : { name, from: before.get(name) ?? '', to }))
  const restart = isRestartNeeded ? '; it should be restarted' : ''
  const detail = changed.length === 0 ? `everything was up to date${restart}` : `${changed.length} packages were updated${restart}`
  const output = { changed: changed.slice(0, maxChanges), count: changed.length, needsRestart: isRestartNeeded }
  return { outcome: 'succeeded', detail, output }
}

/** dpkg's own placeholders. */
const format = ['{Package}:', '{Architecture} ', '{Version}\n'].map((part) => `$${part}`).join('')

async function versions(host: Host): Promise<Map<string, string> | undefined> {
  const listed = await host.run('dpkg-query', ['-W', '-f', format], { timeoutMs: minutes(1) })
  if (listed.kind !== 'ended' || listed.code !== 0) return undefined
  return new Map(listed.stdout.split('\n').flatMap((line) => (line.includes(' ') ? [line.split(' ', 2) as [string, string]] : [])))
}

/** Debian's own mark. */
async function needsRestart(host: Host): Promise<boolean> {
  const marked = await host.run('test', ['-e', '/run/reboot-required'], { timeoutMs: minutes(1) })
  return marked.kind === 'ended' && marked.code === 0
}

const refused = (detail: string): VerbOutcome => ({ outcome: 'refused', detail })
const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 300) ?? ''
