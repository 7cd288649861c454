import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import runScriptCommand from '#shared/commands/run-script.ts'
import { maxRecordBytes } from '#shared/protocol/limits.ts'
import { silent } from '../../../agent/command/live.ts'
import { removeLeftScripts, runScript } from '../../../agent/command/script.ts'
import { createHost } from '../../../agent/host/host.ts'
import { systemTime } from '../../../agent/system-time.ts'

const tools = { host: createHost(systemTime), time: systemTime, live: silent }
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tierline-script-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(process.platform !== 'linux')('a script', () => {
  it('is not waited for by what left its group and holds its output', { timeout: 10_000 }, async () => {
    const ended = await runScript(
      folder,
      { text: `echo said; setsid sh -c 'echo $$ > ${folder}/pid; exec sleep 60' & sleep 0.2`, interpreter: 'sh' },
      5_000,
      tools,
    )
    process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 'SIGKILL')
    expect(ended).toMatchObject({ exitCode: 0, text: 'said\n', endedBy: 'itself' })
  })

  it('may say what JSON writes six times as long; it is cut so that it fits a record', async () => {
    const ended = await runScript(folder, { text: 'head -c 65536 /dev/zero', interpreter: 'sh' }, 5_000, tools)
    expect([ended.isCut, Buffer.byteLength(JSON.stringify(ended)) < maxRecordBytes]).toEqual([true, true])
    expect(ended.text.length).toBeGreaterThan(20_000)
  })

  it('that a crash left is removed at the next start, and nothing beside it', async () => {
    mkdirSync(join(folder, 'script-abc'))
    writeFileSync(join(folder, 'script-abc/script.sh'), 'secret')
    writeFileSync(join(folder, 'commands.jsonl'), '')
    await removeLeftScripts(folder)
    await removeLeftScripts(join(folder, 'not-there'))
    expect([existsSync(join(folder, 'script-abc')), existsSync(join(folder, 'commands.jsonl'))]).toEqual([false, true])
  })
})

it('takes no script that would not fit a frame once it is signed', () => {
  const of = (script: string) => runScriptCommand.args.safeParse({ script, sha256: '0'.repeat(64) })
  expect(of('a'.repeat(30_000)).success).toBe(true)
  for (const script of ['€'.repeat(30_000), '\n'.repeat(30_000)]) expect(of(script).error?.message).toContain('too long to be signed')
})
