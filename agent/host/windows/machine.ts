import type { Time } from '#shared/domain/time.ts'
import type { Answer, DiskReading, MemoryReading, UnitReading } from '../probe.ts'
import type { WindowsCalls } from './calls.ts'
import { type EventLog, type FollowOptions, followEventLog } from './event-log.ts'
import { installedPrograms } from './programs.ts'
import { isRebootPending, readRelease, type WindowsRelease } from './release.ts'
import { disksOf, memoryOf } from './resources.ts'
import { runningOf, servicesDown } from './services.ts'

/** What only a Windows machine can be asked. */
export interface WindowsMachine {
  followEvents(options: Omit<FollowOptions, 'time'>): Promise<Answer<EventLog>>
  /** Which of these services run, of those that are there; by names in small letters. */
  running(names: ReadonlySet<string>): Promise<Answer<ReadonlyMap<string, boolean>>>
  /** Numbers and texts of the registry below HKEY_LOCAL_MACHINE; undefined where there are none. */
  registryNumber(key: string, name: string): Promise<number | undefined>
  registryText(key: string, name: string): Promise<string | undefined>
  hasRegistryKey(key: string): Promise<boolean>
  /** Undefined where it doesn't say. */
  release(): Promise<WindowsRelease | undefined>
  isRebootPending(): Promise<boolean>
  /** Names and versions of what was installed for everybody, as the list of programs shows it. */
  software(): Promise<[name: string, version: string][]>
}

/** What every machine can be asked; undefined where Windows doesn't say. */
interface Health {
  unitsDown(listed: string[]): Promise<Answer<UnitReading[]>>
  memory(): Promise<MemoryReading | undefined>
  disks(): Promise<DiskReading[] | undefined>
}

/** @param open loads what asks Windows, once and when it is first needed. */
export function windowsMachine(open: () => Promise<WindowsCalls>, time: Time): WindowsMachine & Health {
  let opened: Promise<WindowsCalls> | undefined
  const calls = (): Promise<WindowsCalls> => {
    opened ??= open()
    return opened
  }
  async function answer<Value>(what: string, ask: (calls: WindowsCalls) => Answer<Value>): Promise<Answer<Value>> {
    const asked = await calls().catch(() => undefined)
    return asked ? ask(asked) : { kind: 'unsupported', reason: `${what} can’t be read: this Node can’t call Windows’ libraries` }
  }
  return {
    followEvents: (options) =>
      answer('Windows’ event log', (asked) => ({ kind: 'known', value: followEventLog(asked, { ...options, time }) })),
    running: (names) =>
      answer('the services', (asked) => {
        const value = runningOf(asked, names)
        return value ? { kind: 'known', value } : { kind: 'unsupported', reason: 'Windows does not list its services' }
      }),
    memory: async () => {
      const found = (await calls().catch(() => undefined))?.memory()
      return found && memoryOf(found)
    },
    disks: async () => {
      const found = (await calls().catch(() => undefined))?.drives()
      return found && disksOf(found)
    },
    unitsDown: (listed) => answer('the services', (asked) => servicesDown(asked, listed)),
    registryNumber: async (key, name) => (await calls().catch(() => undefined))?.number(key, name),
    registryText: async (key, name) => (await calls().catch(() => undefined))?.text(key, name),
    release: async () => {
      const asked = await calls().catch(() => undefined)
      return asked && readRelease(asked)
    },
    isRebootPending: async () => {
      const asked = await calls().catch(() => undefined)
      return asked !== undefined && isRebootPending(asked)
    },
    software: async () => {
      const asked = await calls().catch(() => undefined)
      return asked ? installedPrograms(asked) : []
    },
    hasRegistryKey: async (key) => (await calls().catch(() => undefined))?.hasKey(key) ?? false,
  }
}
