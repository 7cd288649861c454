import type { WindowsMachine } from '../../host/windows/machine.ts'

const policies = 'SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy'
/** By the keys of their own in the registry, and by the numbers that the firewall's own log has for them. */
const profiles = [
  { key: 'DomainProfile', name: 'domain', number: '1' },
  { key: 'StandardProfile', name: 'private', number: '2' },
  { key: 'PublicProfile', name: 'public', number: '4' },
] as const

export interface FirewallSwitch {
  name: string
  number: string
  isOn: boolean
}

/** Those that the registry has. */
export async function firewallSwitches(windows: Pick<WindowsMachine, 'registryNumber'>): Promise<FirewallSwitch[]> {
  const read = profiles.map(async ({ key, name, number }) => {
    const value = await windows.registryNumber(`${policies}\\${key}`, 'EnableFirewall')
    return value === undefined ? [] : [{ name, number, isOn: value !== 0 }]
  })
  return (await Promise.all(read)).flat()
}
