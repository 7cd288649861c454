import type { WindowsCalls } from './calls.ts'

const uninstall = 'Microsoft\\Windows\\CurrentVersion\\Uninstall'
const lists = [`SOFTWARE\\${uninstall}`, `SOFTWARE\\WOW6432Node\\${uninstall}`]

/** What the list of programs shows: each key with a name, but no parts of Windows and no updates of another program. One that stands in both lists, once. */
export function installedPrograms(calls: Pick<WindowsCalls, 'keys' | 'text' | 'number'>): [name: string, version: string][] {
  const found = lists.flatMap((list) =>
    calls.keys(list).flatMap((name): [string, string][] => {
      const key = `${list}\\${name}`
      const shown = (calls.text(key, 'DisplayName') ?? '').trim()
      const isHidden = shown === '' || calls.number(key, 'SystemComponent') === 1 || (calls.text(key, 'ParentKeyName') ?? '') !== ''
      return isHidden ? [] : [[shown, (calls.text(key, 'DisplayVersion') ?? '').trim()]]
    }),
  )
  return [...new Map(found.map((each) => [each.join('\n'), each])).values()]
}
