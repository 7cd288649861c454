import type { WindowsMachine } from '../../host/windows/machine.ts'
import type { Defences } from '../defence/read-defences.ts'
import type { SenseSettings } from '../define-detector.ts'
import type { ProcessStart } from '../processes/process-start.ts'
import { lineOf } from '../processes/starts.ts'
import { firewallSwitches } from './firewall-switches.ts'
import { programOf } from './programs.ts'

/** Services that protect, by their names in small letters. */
const services: Readonly<Record<string, string>> = {
  ...{
    windefend: 'antivirus Defender',
    sense: 'antivirus Defender for Endpoint',
    mpssvc: 'firewall service',
    eventlog: 'logging event log',
  },
  ...{ sysmon: 'audit Sysmon', sysmon64: 'audit Sysmon', csfalconservice: 'antivirus Falcon', sentinelagent: 'antivirus SentinelOne' },
  ...{
    wazuhsvc: 'antivirus Wazuh',
    osqueryd: 'antivirus osquery',
    cbdefense: 'antivirus Carbon Black',
    'sophos endpoint defense service': 'antivirus Sophos',
  },
  ...{
    ekrn: 'antivirus ESET',
    epsecurityservice: 'antivirus Bitdefender',
    wrsvc: 'antivirus Webroot',
    mbamservice: 'antivirus Malwarebytes',
  },
}
const defender = 'SOFTWARE\\Microsoft\\Windows Defender'

export async function readWindowsDefences(windows: WindowsMachine, { starts }: SenseSettings): Promise<Defences> {
  const running = await windows.running(new Set(Object.keys(services)))
  const found = new Map<string, boolean>()
  if (running.kind === 'known')
    for (const [name, isOn] of running.value) found.set(services[name] ?? name, isOn || (found.get(services[name] ?? name) ?? false))
  // Windows itself switches Defender off where another antivirus takes its place.
  const isReplaced = [...found].some(([name, isOn]) => isOn && name.startsWith('antivirus ') && !name.startsWith('antivirus Defender'))
  if (isReplaced) found.delete(services.windefend ?? '')
  for (const { name, isOn } of await firewallSwitches(windows)) found.set(`firewall ${name}`, isOn)
  // Where Defender isn't the machine's antivirus its service stands still, and says nothing of it.
  if (found.get(services.windefend ?? '')) found.set('antivirus Defender in real time', await isRealTime(windows))
  const doers = starts?.latest(isAboutDefences) ?? []
  return {
    looked: [...found.keys()],
    on: [...found].flatMap(([name, isOn]) => (isOn ? [name] : [])),
    packages: null,
    commands: doers.slice(-20).map(lineOf).join('\n'),
    byOwnCommand: doers.some(({ pid }) => starts?.isBelow(pid, process.pid) ?? false),
  }
}

async function isRealTime(windows: WindowsMachine): Promise<boolean> {
  const switches = await Promise.all([
    windows.registryNumber(`${defender}\\Real-Time Protection`, 'DisableRealtimeMonitoring'),
    windows.registryNumber('SOFTWARE\\Policies\\Microsoft\\Windows Defender\\Real-Time Protection', 'DisableRealtimeMonitoring'),
  ])
  return switches.every((each) => each === undefined || each === 0)
}

const programs =
  /^(?:netsh|sc|net1?|reg|powershell|pwsh|wevtutil|auditpol|fltmc|taskkill|mpcmdrun|bcdedit|wmic|systemsettingsadminflows|sysmon(?:64)?)$/

const isAboutDefences = ({ image }: ProcessStart): boolean => programs.test(programOf(image))
