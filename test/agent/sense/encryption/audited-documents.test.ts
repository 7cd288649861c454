import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createProbe } from '../../../../agent/host/probe.ts'
import { AuditedDocuments } from '../../../../agent/sense/encryption/audited-documents.ts'
import { Writers } from '../../../../agent/sense/writers/writers.ts'
import { systemTime } from '../../../../agent/system-time.ts'
import { FakeTime } from '../../../support/fake-time.ts'
import { silent } from '../bench-machine.ts'

const at = 'msg=audit(1795403304.033:6)'
let folder: string
let rules: string[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-documents-'))
  rules = []
})
afterEach(() => rm(folder, { recursive: true }))

function documentsOf(writers: Writers, time: FakeTime): AuditedDocuments {
  return new AuditedDocuments({
    ...{ folders: () => ['/srv/documents'], probe: createProbe({ time: systemTime, log: silent }), time },
    settings: {
      writers,
      watchByAudit: async (folders, key) => {
        rules.push(`${key} ${folders.join()}`)
        return () => void rules.push('gone')
      },
    },
    broken: (reason) => expect.unreachable(reason),
    places: { auditLog: join(folder, 'audit.log'), fatrace: join(folder, 'fatrace') },
  })
}

it.skipIf(process.platform !== 'linux')('once some documents can’t be read, audit names who writes there, for a minute', async () => {
  await writeFile(join(folder, 'audit.log'), '')
  const [time, writers] = [new FakeTime(), new Writers(systemTime)]
  writers.setFed(true)
  const documents = documentsOf(writers, time)
  expect(rules).toEqual([])
  documents.suspect()
  documents.suspect()
  await vi.waitFor(() => expect(rules).toEqual(['tierline-documents /srv/documents']))
  const call = `type=SYSCALL ${at}: arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c ppid=1 pid=${process.ppid} key="tierline-documents"\n`
  await vi.waitFor(
    async () => {
      await appendFile(join(folder, 'audit.log'), `${call}type=CWD ${at}: cwd="/srv/documents"\n`)
      await appendFile(
        join(folder, 'audit.log'),
        `type=PATH ${at}: item=1 name="plan.docx" nametype=NORMAL\ntype=PROCTITLE ${at}: proctitle=00\n`,
      )
      expect((await writers.of(['/srv/documents/plan.docx'], 200))?.top.pid).toBeGreaterThanOrEqual(1)
    },
    { timeout: 10_000 },
  )
  await time.advance(60_001)
  expect(rules.at(-1)).toBe('gone')
  // What fed it before feeds it still.
  expect(writers.isFed()).toBe(true)
  documents.stop()
})

it('without auditd nothing is asked of it', async () => {
  const documents = documentsOf(new Writers(systemTime), new FakeTime())
  documents.suspect()
  await new Promise((done) => setTimeout(done, 50))
  expect(rules).toEqual([])
  documents.stop()
})
