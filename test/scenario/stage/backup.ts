import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CommandDetail } from '#shared/api/commands.ts'
import type { TicketList, TicketSummary } from '#shared/api/tickets.ts'
import { top } from '../../support/program.ts'
import type { World } from './world.ts'

/** The endpoint's own backup with restic, and what is made of it after the attack. */

export const hasRestic = (): boolean => spawnSync('restic', ['version']).status === 0

/** @returns the hash of each document as it was backed up, by its path. */
export function backUp(documents: string, agentData: string): Map<string, string> {
  const [repository, passwordFile] = [join(dirname(agentData), 'backup'), join(agentData, 'restic-password')]
  mkdirSync(agentData, { recursive: true, mode: 0o700 })
  writeFileSync(passwordFile, 'of this scenario', { mode: 0o600 })
  writeFileSync(join(agentData, 'restic.json'), JSON.stringify({ repository, passwordFile, restoresInto: [documents] }), { mode: 0o600 })
  for (const act of [['init'], ['backup', documents]]) {
    const done = spawnSync('restic', [`--repo=${repository}`, `--password-file=${passwordFile}`, '--no-cache', '--quiet', ...act], {
      encoding: 'utf8',
    })
    if (done.status !== 0) throw new Error(`restic ${act[0]}: ${done.stderr}`)
  }
  return hashesOf(documents)
}

/** What the agent does by itself once an hour. */
export function verifyBackup({ machines }: World, agentData: string): void {
  const done = machines.endpoint.run(process.execPath, [join(top, 'bin/tierline-agent.mjs'), 'verify-backup', '--data', agentData])
  if (done.code !== 0) throw new Error(`the backup could not be verified: ${done.stderr}`)
  console.log(done.stdout.trim())
}

/** Restores while the endpoint is still cut off, and ends the task that the isolation opened. @returns whether every file is what it was. */
export async function restore({ person, endpointId, documents }: World, before: Map<string, string>, evidenceAt: number): Promise<boolean> {
  const { tickets } = await person.get<TicketList>(`/api/tickets?status=open&endpointId=${endpointId}`)
  const task = tickets.find(({ title }) => title.startsWith('Restore '))
  if (!task) throw new Error('the isolation opened no task to restore')
  const args = { paths: [documents], before: Math.floor(evidenceAt) }
  const asked = { verb: 'restore-from-backup', args, reason: 'it was encrypted', ticketId: task.id }
  const { id } = await person.post<{ id: string }>(`/api/endpoints/${endpointId}/commands`, asked)
  const done = await settled(person, id)
  console.log(`\nRestored, still cut off: ${done.status}. ${done.detail}`)
  const now = hashesOf(documents)
  const others = [...before].filter(([path, hash]) => now.get(path) !== hash)
  const holds = done.status === 'succeeded' && others.length === 0
  console.log(`  ${holds ? '✓' : '✗'} ${before.size - others.length} of ${before.size} files are byte for byte what they were before`)
  await endTask(person, task)
  return holds
}

async function settled(person: World['person'], id: string): Promise<CommandDetail> {
  const endsAt = performance.now() + 120_000
  for (;;) {
    const command = await person.get<CommandDetail>(`/api/commands/${id}`)
    if (command.settledAt !== null) return command
    if (performance.now() > endsAt) throw new Error(`the restore did not end; it is ${command.status}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function endTask(person: World['person'], { id }: TicketSummary): Promise<void> {
  const { version } = await person.get<TicketSummary>(`/api/tickets/${id}`)
  await person.post(`/api/tickets/${id}/resolve`, { version, resolution: 'fixed', note: 'restored with restic, and compared' })
}

function hashesOf(folder: string): Map<string, string> {
  const files = readdirSync(folder).map((name) => join(folder, name))
  return new Map(files.map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]))
}
