import type { Fact } from '#shared/domain/inventory.ts'
import { windowsReleaseOf } from '#shared/domain/windows-release.ts'
import type { WindowsCalls } from './calls.ts'

const key = 'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'

export interface WindowsRelease {
  /** As people know it: "Windows 11 Pro 24H2 (26100.4652)". */
  name: string
  /** As os-release(5) would say it, with endoflife.date's names, so that one judge does for all systems. */
  osRelease: string
  fact: Fact
}

/** Undefined where the registry doesn't say. */
export function readRelease(calls: Pick<WindowsCalls, 'number' | 'text'>): WindowsRelease | undefined {
  const text = (name: string): string => calls.text(key, name) ?? ''
  const build = Number(text('CurrentBuildNumber'))
  if (!Number.isInteger(build) || build < 1) return undefined
  const [edition, installation] = [text('EditionID'), text('InstallationType')]
  const found = windowsReleaseOf({ build, edition, installation })
  // The registry of Windows 11 calls itself 10.
  const product =
    build >= 22_000 && installation === 'Client' ? text('ProductName').replace(/Windows 10\b/, 'Windows 11') : text('ProductName')
  const name = `${product} ${text('DisplayVersion')} (${build}.${calls.number(key, 'UBR') ?? 0})`
    .replace(/\s+/g, ' ')
    .replace(/["\n]/g, '')
    .slice(0, 200)
  const osRelease = `PRETTY_NAME="${name}"\n${found ? `ID=${found.product}\nVERSION_ID="${found.cycle}"\n` : ''}`
  const from = `${key}: CurrentBuildNumber=${build}, EditionID=${edition || 'missing'}, InstallationType=${installation || 'missing'}`
  const value = found ? `${found.product} ${found.cycle}` : 'unknown to endoflife.date'
  return { name, osRelease, fact: { name: 'release', value, from: from.slice(0, 500) } }
}

/** Either says that an update waits for a reboot. */
const pendingKeys = [
  'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending',
  'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired',
]

export const isRebootPending = (calls: Pick<WindowsCalls, 'hasKey'>): boolean => pendingKeys.some((each) => calls.hasKey(each))
