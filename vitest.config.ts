import { defineConfig } from 'vitest/config'

const isOnPostgres = process.env.TIERLINE_TEST_DATABASE === 'postgres'

/*
 * Two groups, one after the other. `unit` shares the cores. `life` has real sockets, child processes and real time in
 * it, so its files run one at a time: a busy neighbour would only make them slow, and slow looks like broken.
 */
export default defineConfig({
  test: {
    globalSetup: ['test/support/what-cannot-run.ts', ...(isOnPostgres ? ['test/support/postgres-suite.ts'] : [])],
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/life/**'],
          maxWorkers: 2,
          testTimeout: 15_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'life',
          include: ['test/life/**/*.test.{ts,tsx}'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 90_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
