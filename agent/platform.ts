import type { Platform } from '#shared/domain/endpoint.ts'
import { Fault } from '#shared/domain/fault.ts'

/** Node's name for this system → ours. @throws Fault `platform-unknown`. */
export function platformOf(name: NodeJS.Platform): Platform {
  if (name === 'linux') return 'linux'
  if (name === 'darwin') return 'macos'
  if (name === 'win32') return 'windows'
  throw new Fault('platform-unknown', `The agent does not know the system "${name}".`)
}
