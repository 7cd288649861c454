import { defineConfig } from 'vitest/config'

const isOnPostgres = process.env.TIERLINE_TEST_DATABASE === 'postgres'

/** Stories in which a minute has to pass: they wait more than they work, and busy neighbours do them no harm. */
const patient = ['collector-moves', 'clock-jumps'].map((story) => `test/life/${story}.test.ts`)

/*
 * Two groups, one after the other. `unit` shares the cores, with the stories that only wait beside it. `life` has real
 * sockets, child processes and real time in it, so its files run one at a time: a busy neighbour would only make them
 * slow, and slow looks like broken.
 */
export default defineConfig({
  test: {
    globalSetup: [
      'test/support/own-temporary-folder.ts',
      'test/support/what-cannot-run.ts',
      ...(isOnPostgres ? ['test/support/postgres-suite.ts'] : []),
    ],
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/life/**'],
          maxWorkers: 3,
          testTimeout: 15_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'patient',
          include: patient,
          maxWorkers: 3,
          testTimeout: 60_000,
          hookTimeout: 90_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'life',
          include: ['test/life/**/*.test.{ts,tsx}'],
          exclude: patient,
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 90_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
