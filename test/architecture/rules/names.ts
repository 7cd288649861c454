import { defineRule } from '../rule.ts'

const vague = /^(utils?|helpers?|managers?|commons?|misc|lib)$/
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*\.tsx?$/

export default defineRule({
  says: 'files are kebab-case and named by what they do: no utils, no helpers, no managers, no barrels',
  check: (sources) =>
    sources.flatMap(({ path }) => {
      const what = complaint(path)
      return what === undefined ? [] : [{ path, line: 1, what }]
    }),
  planted: [
    { path: 'server/utils/dates.ts', text: '' },
    { path: 'server/ticket/ticket-helpers.ts', text: '' },
    { path: 'agent/wire/index.ts', text: '' },
    { path: 'agent/wire/SessionManager.ts', text: '' },
    { path: 'server/console/TicketPage.tsx', text: '' },
  ],
  allowed: [
    { path: 'server/console/ticket-page.tsx', text: '' },
    { path: 'test/life/nothing-is-lost.test.ts', text: '' },
  ],
})

function complaint(path: string): string | undefined {
  const parts = path.split('/')
  const file = parts.at(-1) ?? ''
  if (!kebab.test(file)) return `${file} is not kebab-case`
  if (/^index\./.test(file)) return 'a barrel hides which file is the way in'
  const word = [...parts.slice(0, -1), ...(file.split('.')[0]?.split('-') ?? [])].find((each) => vague.test(each))
  return word === undefined ? undefined : `"${word}" says nothing about what is in it`
}
