import { readdirSync } from 'node:fs'
import { Fault } from '#shared/domain/fault.ts'

/** The kernel refuses longer ones. What else a name may hold could be read as something else in a rule. */
const plain = /^[A-Za-z0-9_.@-]{1,15}$/

/** Every network device but loopback, as the kernel lists them. @throws Fault for a name that may not stand in a rule. */
export function listDevices(folder = '/sys/class/net'): string[] {
  const devices = readdirSync(folder)
    // The bonding driver's own file stands among the devices.
    .filter((name) => name !== 'lo' && name !== 'bonding_masters')
    .sort()
  const odd = devices.find((name) => !plain.test(name))
  if (odd !== undefined)
    throw new Fault('firewall-failed', `the network device ${JSON.stringify(odd)} has a name that can't stand in a rule`)
  return devices
}
