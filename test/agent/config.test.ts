import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadConfig } from '../../agent/config.ts'

const folderWith = (file?: string): string => {
  const dir = mkdtempSync(join(tmpdir(), 'tierline-config-'))
  if (file !== undefined) writeFileSync(join(dir, 'agent.json'), file)
  return dir
}

it('needs no file, no environment and no flags', () => {
  const config = loadConfig({}, {})
  expect(config).toMatchObject({
    isTrial: false,
    isolation: { isAllowed: true },
    sampleEveryMs: 10_000,
    spoolMaxBytes: 268_435_456,
    keepAcknowledgedMs: 604_800_000,
    logLevel: 'info',
  })
  expect(config.canaryDirs).toEqual([join(config.dataDir, 'canaries')])
})

it('spreads decoys over homes and shares as a service, and on nobody’s own machine', () => {
  const service = { RUNTIME_DIRECTORY: '/run/tierline' }
  expect(loadConfig({}, service).spreadsCanaries).toBe(true)
  expect(loadConfig({}, {}).spreadsCanaries).toBe(false)
  expect(loadConfig({ isTrial: true }, service).spreadsCanaries).toBe(false)
  expect(loadConfig({ data: folderWith('{"spreadsCanaries":false}') }, service).spreadsCanaries).toBe(false)
})

it('takes flags before the environment before the file', () => {
  const dir = folderWith('{"logLevel":"warn","canaryDirs":["/srv/files"]}')
  expect(loadConfig({ data: dir }, {})).toMatchObject({ logLevel: 'warn', canaryDirs: ['/srv/files'] })
  expect(loadConfig({}, { TIERLINE_AGENT_DATA: dir, TIERLINE_AGENT_LOG_LEVEL: 'debug' })).toMatchObject({ dataDir: dir, logLevel: 'debug' })
  expect(loadConfig({ data: dir, canaries: ['/home/a', '/home/b'] }, { TIERLINE_AGENT_DATA: '/elsewhere' })).toMatchObject({
    dataDir: dir,
    canaryDirs: ['/home/a', '/home/b'],
  })
})

it('never isolates in a trial, unless it was allowed to', () => {
  expect(loadConfig({ isTrial: true }, {}).isolation).toEqual({ isAllowed: false, reason: 'off (local trial)' })
  expect(loadConfig({ isTrial: true, isIsolationAllowed: true }, {}).isolation).toEqual({ isAllowed: true })
  const dir = folderWith('{"isolation":false}')
  expect(loadConfig({ data: dir }, {}).isolation).toEqual({ isAllowed: false, reason: 'off (agent.json)' })
})

it('keeps acknowledged signals as long as it is told, or not at all', () => {
  expect(loadConfig({ data: folderWith('{"keepAcknowledgedDays":0.5}') }, {}).keepAcknowledgedMs).toBe(43_200_000)
  expect(loadConfig({ data: folderWith('{"keepAcknowledgedDays":0}') }, {}).keepAcknowledgedMs).toBe(0)
})

it.each([
  ['{"keepAcknowledgedDays":-1}', /agent\.json: keepAcknowledgedDays: /],
  ['{"sampleEveryMs":1}', /agent\.json: sampleEveryMs: /],
  ['{"sampelEveryMs":10000}', /agent\.json: it: .*sampelEveryMs/],
  ['{', /agent\.json is not JSON/],
])('refuses %s and names the field', (file, reason) => {
  expect(() => loadConfig({ data: folderWith(file) }, {})).toThrow(reason)
})
