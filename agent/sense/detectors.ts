import type { Detector } from './define-detector.ts'
import agentTampered from './detectors/agent-tampered.ts'
import failedLogins from './detectors/failed-logins.ts'
import kernelModules from './detectors/kernel-modules.ts'
import logsCleared from './detectors/logs-cleared.ts'
import malwareFound from './detectors/malware-found.ts'
import networkWatch from './detectors/network-watch.ts'
import powerChanged from './detectors/power-changed.ts'
import powersGiven from './detectors/powers-given.ts'
import processStarts from './detectors/process-starts.ts'
import ransomwareCanary from './detectors/ransomware-canary.ts'
import ransomwareEncryption from './detectors/ransomware-encryption.ts'
import sigmaRules from './detectors/sigma-rules.ts'
import updateRunning from './detectors/update-running.ts'
import windowsEvents from './detectors/windows-events.ts'
import { healthDetectors } from './health-detectors.ts'

/** Every file of detectors/, and those of health/. A bundled agent can't list a folder, so this list stands in a file; a test holds it against the disk. */
export const detectors: readonly Detector[] = [
  ransomwareCanary,
  ransomwareEncryption,
  processStarts,
  powerChanged,
  powersGiven,
  kernelModules,
  logsCleared,
  agentTampered,
  malwareFound,
  networkWatch,
  failedLogins,
  sigmaRules,
  updateRunning,
  windowsEvents,
  ...healthDetectors,
]
