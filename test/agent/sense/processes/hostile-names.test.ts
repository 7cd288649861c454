import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createProbe } from '../../../../agent/host/probe.ts'
import { type ProcessStart, readUsers, startOf } from '../../../../agent/sense/processes/process-start.ts'
import { lineOf } from '../../../../agent/sense/processes/starts.ts'
import { systemTime } from '../../../../agent/system-time.ts'
import { silent } from '../bench-machine.ts'

/* A program may be called whatever a file may be called: what it is called must write no line of its own, and command no terminal. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tierline-names-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const controls = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u

it.skipIf(process.platform !== 'linux')('a real program whose name holds lines and control characters is shown without them', async () => {
  const program = join(folder, 'a\n\u001b]0;x\u0007\u001b[2J\u202egpj.exe\r')
  copyFileSync('/bin/sleep', program)
  const child = spawn(program, ['5'])
  const probe = createProbe({ time: systemTime, log: silent })
  const facts = await vi.waitFor(() => {
    const found = probe.process(child.pid ?? 0)
    if (!found?.exe.startsWith(folder)) throw new Error('it has not begun')
    return found
  })
  child.kill('SIGKILL')
  expect(facts.pid).toBe(child.pid)
  for (const text of [facts.name, facts.exe, facts.commandLine]) expect(text).not.toMatch(/\p{Cc}/u)
  expect(lineOf(startOf(facts, { at: 0, parent: facts, userOf: readUsers('') }))).not.toMatch(controls)
})

it('a start that a log told is one line, whatever its words are', () => {
  const word = 'x\n\u001b[31m\u2028\u202e'
  const start: ProcessStart = {
    ...{ at: 0, pid: 1, parentPid: 0, image: word, commandLine: word, user: word, directory: word },
    ...{ parentImage: word, parentCommandLine: word, source: 'auditd', sha256: 'abc' },
  }
  expect(lineOf(start)).not.toMatch(controls)
})
