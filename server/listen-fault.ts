import { Fault } from '#shared/domain/fault.ts'

/** Why a port could not be opened, and what to do. */
export function explainListen(flag: string, { host, port }: { host: string; port: number }): (error: NodeJS.ErrnoException) => never {
  const why: Record<string, string> = {
    EADDRINUSE: `Port ${port} is in use: stop what listens there, or choose another with ${flag}.`,
    EACCES: `Port ${port} may not be opened by this user: choose one above 1023 with ${flag}.`,
    EADDRNOTAVAIL: `This machine has no address ${host}: choose one of its own with --listen.`,
  }
  return (error) => {
    const sentence = why[error.code ?? '']
    throw sentence === undefined ? error : new Fault('port-unavailable', sentence, { cause: error })
  }
}
