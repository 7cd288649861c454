import type { Detector } from './define-detector.ts'
import diskFull from './detectors/disk-full.ts'
import failedLogins from './detectors/failed-logins.ts'
import memoryPressure from './detectors/memory-pressure.ts'
import ransomwareCanary from './detectors/ransomware-canary.ts'
import ransomwareEncryption from './detectors/ransomware-encryption.ts'
import serviceDown from './detectors/service-down.ts'
import sigmaRules from './detectors/sigma-rules.ts'

/** Every file of detectors/. A bundled agent can't list a folder, so this list stands in a file; a test holds it against the disk. */
export const detectors: readonly Detector[] = [
  ransomwareCanary,
  ransomwareEncryption,
  failedLogins,
  diskFull,
  memoryPressure,
  serviceDown,
  sigmaRules,
]
