import backupList from './backup-list.ts'
import collectDiagnostics from './collect-diagnostics.ts'
import type { CommandDefinition } from './define-command.ts'
import installUpdates from './install-updates.ts'
import isolateHost from './isolate-host.ts'
import keepStandingOrder from './keep-standing-order.ts'
import ping from './ping.ts'
import quarantineFile from './quarantine-file.ts'
import reachNeighbour from './reach-neighbour.ts'
import rearmCanaries from './rearm-canaries.ts'
import reboot from './reboot.ts'
import releaseHost from './release-host.ts'
import restartService from './restart-service.ts'
import restoreFile from './restore-file.ts'
import restoreFromBackup from './restore-from-backup.ts'
import resumeProcess from './resume-process.ts'
import runScript from './run-script.ts'
import stopProcess from './stop-process.ts'
import suspendProcess from './suspend-process.ts'

const contain = [isolateHost, releaseHost, reachNeighbour, rearmCanaries]
const processes = [suspendProcess, resumeProcess, stopProcess]
const files = [quarantineFile, restoreFile]
const backups = [backupList, restoreFromBackup]
const care = [ping, collectDiagnostics, restartService, runScript, installUpdates, reboot, keepStandingOrder]

/** Every command both ends know, by verb. A browser can't list a folder, so this list stands in a file. */
export const commands: ReadonlyMap<string, CommandDefinition> = new Map(
  [...contain, ...processes, ...files, ...backups, ...care].map((command) => [command.verb, command as CommandDefinition]),
)

/** What passes every queue. */
export const urgentVerbs: ReadonlySet<string> = new Set([...commands.values()].flatMap(({ verb, isUrgent }) => (isUrgent ? verb : [])))
