import { run, type Work } from './work.ts'

/** One small package again, which leaves the machine as it was. */
export default {
  needs: ['apt-get'],
  isQuick: false,
  run: (folder) =>
    run('apt-get', ['install', '--reinstall', '--yes', '--quiet=2', 'hostname', 'cron'], folder, { DEBIAN_FRONTEND: 'noninteractive' }),
} satisfies Work
