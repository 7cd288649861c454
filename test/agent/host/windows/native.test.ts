import { expect, it } from 'vitest'
import { isRefused } from '../../../../agent/host/windows/calls.ts'
import { eventOfXml } from '../../../../agent/host/windows/event-xml.ts'

const isWindows = process.platform === 'win32'

it.skipIf(!isWindows)('Windows itself answers, as what stands for it in other tests does', async () => {
  const { openNative } = await import('../../../../agent/host/windows/native.ts')
  const calls = await openNative()
  const services = calls.services()
  if (isRefused(services)) return expect.unreachable(`error ${services.refused}`)
  expect(services.find(({ name }) => name.toLowerCase() === 'eventlog')).toMatchObject({ state: 4, exitCode: 0 })
  expect(calls.number('SYSTEM\\CurrentControlSet\\Services\\EventLog', 'Start')).toBe(2)
  expect(calls.text('SYSTEM\\CurrentControlSet\\Control\\ProductOptions', 'ProductType')).toMatch(/NT$/)
  expect(calls.keys('SOFTWARE\\Microsoft')).toContain('Windows NT')
  expect(calls.hasKey('SOFTWARE\\Tierline, which is not there')).toBe(false)
  expect(calls.subscribe('Tierline/Nowhere', undefined)).toEqual({ refused: 15_007 })
  expect(calls.memory()?.available).toBeGreaterThan(1_048_576)
  expect(calls.drives().find(({ name }) => name === 'C:\\')).toMatchObject({ type: expect.stringMatching(/FS$/) })
  const newest = Number(eventOfXml(calls.newest('System') ?? '')?.Event.System.EventRecordID)
  const source = calls.subscribe('System', newest - 1)
  if (isRefused(source)) return expect.unreachable(`error ${source.refused}`)
  expect(source.hasNews()).toBe(true)
  const found = source.next(64)
  source.close()
  if (isRefused(found)) return expect.unreachable(`error ${found.refused}`)
  expect(eventOfXml(found.events[0] ?? '')?.Event.System.EventRecordID).toBe(newest)
})
