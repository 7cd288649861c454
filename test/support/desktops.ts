import { createHost } from '../../agent/host/host.ts'
import { findDesktops } from '../../agent/release/screens.ts'
import { systemTime } from '../../agent/system-time.ts'

/** Prints where somebody sits, as this machine's own logind says it; or why that can't be known. */
process.stdout.write(JSON.stringify(await findDesktops(createHost(systemTime))))
