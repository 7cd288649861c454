import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalise } from '#shared/sigma/normalise.ts'
import { eventOfXml } from '../../../../agent/host/windows/event-xml.ts'

const system =
  '<System><Provider Name="P" Guid="{1}"/><EventID Qualifiers="0">7045</EventID><EventRecordID>9</EventRecordID><Channel>System</Channel></System>'
const event = (rest: string) => `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>${system}${rest}</Event>`
const fieldsOf = (xml: string) => {
  const { view } = normalise(eventOfXml(xml))
  return (name: string) => view.values(name).map(({ text }) => text)
}

describe('an event of Windows, out of its XML', () => {
  it('has what its envelope says, and fields by their names', () => {
    const field = fieldsOf(event('<EventData><Data Name=\'ServiceName\'>a</Data><Data Name="ImagePath">C:\\x.exe</Data></EventData>'))
    expect([field('EventID'), field('Channel'), field('Provider_Name'), field('EventRecordID')]).toEqual([
      ['7045'],
      ['System'],
      ['P'],
      ['9'],
    ])
    expect([field('ServiceName'), field('ImagePath')]).toEqual([['a'], ['C:\\x.exe']])
  })

  it('keeps data without names in their order, and what UserData calls as the envelope does beside it', () => {
    expect(fieldsOf(event('<EventData><Data>one</Data><Data></Data><Data>two</Data><Binary>00</Binary></EventData>'))('Data')).toEqual([
      'one',
      '',
      'two',
    ])
    const cleared = fieldsOf(
      event(
        '<UserData><LogFileCleared xmlns="x"><SubjectUserName>kim</SubjectUserName><Channel>Security</Channel></LogFileCleared></UserData>',
      ),
    )
    expect([cleared('SubjectUserName'), cleared('OwnChannel'), cleared('Channel')]).toEqual([['kim'], ['Security'], ['System']])
  })

  it('takes text in a field for text, however it is written', () => {
    const field = fieldsOf(
      event(
        "<EventData><Data Name='a'>&lt;/Data&gt;&lt;Data Name='EventID'&gt;1102&#10;&#x41;&amp;lt;</Data><Data Name='b'><![CDATA[</Data><Channel>Security</Channel>]]></Data><Data Name='__proto__'>x</Data></EventData><RenderingInfo Culture='de-DE'><Message>Protokoll gelöscht</Message></RenderingInfo>",
      ),
    )
    expect(field('a')).toEqual(["</Data><Data Name='EventID'>1102\nA&lt;"])
    expect([field('EventID'), field('Channel'), field('b')]).toEqual([['7045'], ['System'], ['</Data><Channel>Security</Channel>']])
    expect(field('Message')).toEqual([])
    expect(Object.getPrototypeOf({}).x).toBeUndefined()
  })

  it.each([
    ['nothing', ''],
    ['another document', '<Task/>'],
    ['a DTD', `<!DOCTYPE Event [<!ENTITY a "aaaa">]>${event('')}`],
    ['what is cut off', event('').slice(0, -3)],
    ['what is crossed', '<Event><System></Event></System>'],
    ['what is deeper than any', `<Event><System/>${'<a>'.repeat(100)}${'</a>'.repeat(100)}</Event>`],
    ['what has more parts than any', `<Event><System/><EventData>${'<Data/>'.repeat(5_000)}</EventData></Event>`],
    ['what is longer than any', event(`<EventData><Data Name='a'>${'x'.repeat(300_000)}</Data></EventData>`)],
  ])('%s is none', (_, xml) => expect(eventOfXml(xml)).toBeUndefined())

  it('is read in the time that its length asks for, and never thrown at', () => {
    const began = process.cpuUsage().user
    for (const part of ['<a ', "<a b='", '<![CDATA[', '<!--', '&#', ' ', '<a b="c" '])
      expect(eventOfXml(`<Event><System/>${part.repeat(200_000 / part.length)}`)).toBeUndefined()
    expect((process.cpuUsage().user - began) / 1_000).toBeLessThan(2_000)
    const pieces = fc.constantFrom(
      '<Event>',
      '<System>',
      '</System>',
      '</Event>',
      '<Data Name="',
      '">',
      "'",
      '&amp;',
      '<![CDATA[',
      ']]>',
      '\0',
      '<',
      '>',
      'x',
    )
    fc.assert(fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => void eventOfXml(parts.join(''))))
  })
})
