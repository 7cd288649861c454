import { z } from 'zod'
import { defineNotifier } from '../notifier.ts'

/** Pushed to a telephone by ntfy, a server of one's own or the public one. https://docs.ntfy.sh/publish/#publish-as-json */
export default defineNotifier({
  name: 'ntfy',
  settings: z.strictObject({
    url: z.url({ protocol: /^https?$/ }).default('https://ntfy.sh/'),
    topic: z.string().regex(/^[-_A-Za-z0-9]{1,64}$/, 'expected a topic: letters, digits, - and _'),
    token: z.string().max(500).optional(),
  }),
  deliver({ said, isPage }, { url, topic, token }, { post, stop }) {
    const message = said.lines.join('\n')
    // 5 rings until it is looked at; 3 is usual.
    const body = { topic, title: said.title, message, priority: isPage ? 5 : 3, ...(said.link !== null && { click: said.link }) }
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
    return post(url, { headers: { 'content-type': 'application/json', ...authorization }, body: JSON.stringify(body) }, stop)
  },
})
