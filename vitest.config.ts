import { defineConfig } from 'vitest/config'
import LongestFirst from './test/support/longest-first.ts'

const isOnPostgres = process.env.TIERLINE_TEST_DATABASE === 'postgres'

const stories = (...names: string[]): string[] => names.map((name) => `test/life/${name}.test.ts`)
/** Stories in which a minute has to pass: they wait more than they work, and busy neighbours do them no harm. */
const patient = stories('collector-moves', 'clock-jumps', 'collector-restart-marks-nobody')
/** In which milliseconds count, or whose agent sees what every other test does to files. */
const measuring = [
  ...stories('fuzzed-frames', 'loop-stays-free', 'false-alarms', 'host-is-isolated'),
  'test/agent/sense/encryption/attacks.test.ts',
]

const story = { testTimeout: 60_000, hookTimeout: 90_000 }

/*
 * Three groups, one after the other. `unit` shares the cores, with the stories that only wait beside it. `life` has real
 * sockets, child processes and real time in it, so two of its files run at a time and no more: busy neighbours would only
 * make them slow, and slow looks like broken. `measuring` is alone. The files of the first two share their processes,
 * because loading and warming up the collector for each took as long as the tests: so no file may leave anything behind
 * (globals, environment, fake timers).
 */
export default defineConfig({
  test: {
    globalSetup: [
      'test/support/own-temporary-folder.ts',
      'test/support/what-cannot-run.ts',
      ...(isOnPostgres ? ['test/support/postgres-suite.ts'] : []),
    ],
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/life/**', ...measuring],
          maxWorkers: 3,
          isolate: false,
          testTimeout: 15_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: { name: 'patient', include: patient, maxWorkers: 3, ...story, sequence: { groupOrder: 0 } },
      },
      {
        test: {
          name: 'life',
          include: ['test/life/**/*.test.{ts,tsx}'],
          exclude: [...patient, ...measuring],
          maxWorkers: 2,
          isolate: false,
          ...story,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: { name: 'measuring', include: measuring, fileParallelism: false, ...story, sequence: { groupOrder: 2 } },
      },
    ],
  },
})
