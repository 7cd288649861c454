import type { WindowsMachine } from '../../host/windows/machine.ts'

const own = 'SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy'
/** What a policy says goes before what the machine says itself (MS-GPFAS 2.2.2). */
const byPolicy = 'SOFTWARE\\Policies\\Microsoft\\WindowsFirewall'
/** By the keys of their own in the registry, and by the numbers that the firewall's own log has for them. */
const profiles = [
  { keys: ['DomainProfile'], name: 'domain', number: '1' },
  { keys: ['PrivateProfile', 'StandardProfile'], name: 'private', number: '2' },
  { keys: ['PublicProfile'], name: 'public', number: '4' },
] as const

export interface FirewallSwitch {
  name: string
  number: string
  isOn: boolean
}

/** Those that the registry has. */
export async function firewallSwitches(windows: Pick<WindowsMachine, 'registryNumber'>): Promise<FirewallSwitch[]> {
  const read = profiles.map(async ({ keys, name, number }) => {
    const places = [byPolicy, own].flatMap((top) => keys.map((key) => `${top}\\${key}`))
    const values = await Promise.all(places.map((place) => windows.registryNumber(place, 'EnableFirewall')))
    const value = values.find((each) => each !== undefined)
    return value === undefined ? [] : [{ name, number, isOn: value !== 0 }]
  })
  return (await Promise.all(read)).flat()
}
