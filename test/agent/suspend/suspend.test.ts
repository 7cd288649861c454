import { spawn } from 'node:child_process'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openProcesses, pidsIn, statOf } from '../../../agent/host/processes.ts'
import { openSuspender } from '../../../agent/suspend/suspend.ts'
import { systemTime } from '../../../agent/system-time.ts'
import { MemoryFile, silent } from '../sense/bench-machine.ts'

const groups: number[] = []

afterEach(() => {
  for (const pid of groups.splice(0)) process.kill(-pid, 'SIGKILL')
})

/** A shell with two sleeping children, in a group of its own. */
async function startTree() {
  const { pid = 0 } = spawn('bash', ['-c', 'sleep 60 & bash -c "sleep 60; :" & wait'], { stdio: 'ignore', detached: true })
  groups.push(pid)
  const all = () => pidsIn().filter((each) => each === pid || statOf('/proc', each)?.parent === pid || groupOf(each) === pid)
  await vi.waitFor(() => expect(all()).toHaveLength(4))
  return {
    named: { pid, startTicks: statOf('/proc', pid)?.startTicks ?? 0 },
    states: () => new Set(all().map((each) => statOf('/proc', each)?.state)),
  }
}

const groupOf = (pid: number): number | undefined => {
  const parent = statOf('/proc', pid)?.parent ?? 0
  return statOf('/proc', parent)?.parent
}

const suspender = (file = new MemoryFile(), isAllowed = true, processes = openProcesses()) =>
  openSuspender({ file, processes, isAllowed: () => isAllowed, time: systemTime, log: silent })

describe.skipIf(process.platform !== 'linux')('suspending', () => {
  it('halts all of a tree, writes it down, and lets it go on as one, also after a restart', async () => {
    const { named, states } = await startTree()
    const file = new MemoryFile()
    const answer = await (await suspender(file)).accuse(named, 'a test says so')
    expect(answer).toMatchObject({ kind: 'suspended', processes: { length: 4 } })
    await vi.waitFor(() => expect(states()).toEqual(new Set(['T'])))
    expect(file.text).toContain('a test says so')
    const again = await suspender(file)
    again.processes.signal(named, 'SIGCONT')
    await vi.waitFor(() => expect(states()).toEqual(new Set(['S'])))
  })

  it('takes what ends between the look and the signal for gone, what is another user’s for spared, and halts the rest', async () => {
    const { named } = await startTree()
    const first = openProcesses().below(named)[0]?.pid
    const refusing = (code: string, refused?: number) =>
      openProcesses('/proc', process.pid, (pid, signal) => {
        if (refused === undefined || pid === refused) throw Object.assign(new Error(`kill ${code}`), { code })
        return process.kill(pid, signal)
      })
    expect(refusing('ESRCH').signal(named, 'SIGSTOP')).toEqual({ kind: 'gone' })
    expect(refusing('EPERM').signal(named, 'SIGSTOP')).toEqual({ kind: 'spared', reason: 'kill EPERM' })
    const file = new MemoryFile()
    const { accuse } = await suspender(file, true, refusing('ESRCH', first))
    expect(await accuse(named, 'one of them ended')).toMatchObject({ kind: 'suspended', processes: { length: 3 } })
    expect(JSON.parse(file.text ?? '')).toMatchObject({ accusations: [{ suspended: { length: 3 } }] })
  })

  it('answers while its journal is still being written, and knows by then whom it accused', async () => {
    const { named } = await startTree()
    const file = Object.assign(new MemoryFile(), { write: () => new Promise<never>(() => undefined) })
    const { accuse, accuses } = await suspender(file, false)
    await accuse(named, 'the disk is slow')
    expect(accuses(named)).toBe(true)
  })

  it('hurries from the accusation on, also where nobody may be halted', async () => {
    const { named } = await startTree()
    const hurry = vi.fn()
    const options = { file: new MemoryFile(), processes: openProcesses(), isAllowed: () => false, time: systemTime, log: silent }
    await (await openSuspender({ ...options, hurry })).accuse(named, '')
    expect(hurry).toHaveBeenCalledOnce()
  })

  it('leaves a later process of the same number alone, and itself', async () => {
    const { named, states } = await startTree()
    const { accuse } = await suspender()
    expect(await accuse({ ...named, startTicks: named.startTicks - 1 }, '')).toMatchObject({ reason: 'the process is gone' })
    expect(await accuse({ pid: process.pid, startTicks: statOf('/proc', process.pid)?.startTicks ?? 0 }, '')).toMatchObject({
      kind: 'not-suspended',
    })
    expect(await accuse({ pid: 1, startTicks: statOf('/proc', 1)?.startTicks ?? 0 }, '')).toMatchObject({ kind: 'not-suspended' })
    expect(states()).toEqual(new Set(['S']))
  })

  it('does nothing where the policy leaves it to people', async () => {
    const { named, states } = await startTree()
    expect(await (await suspender(new MemoryFile(), false)).accuse(named, '')).toMatchObject({ kind: 'not-suspended' })
    expect(states()).toEqual(new Set(['S']))
  })

  it('begins with an empty journal when the old one can’t be read', async () => {
    const file = new MemoryFile()
    file.text = '{"v":2}'
    const { named } = await startTree()
    expect(await (await suspender(file)).accuse(named, '')).toMatchObject({ kind: 'suspended' })
  })
})
