import { expect, it } from 'vitest'
import { asCustomersSee } from '#shared/domain/internal.ts'

it('keeps from customers what the provider says among themselves', () => {
  expect(asCustomersSee({ body: { text: 'hm', isInternal: true } })).toBeUndefined()
  expect(asCustomersSee({ body: { packet: { tried: 'this', internal: ['hm'] } } })).toEqual({ body: { packet: { tried: 'this' } } })
  expect(asCustomersSee({ body: { resolution: 'noise', note: 'their scanner again' } })).toEqual({
    body: { resolution: 'noise', note: '' },
  })
  expect(asCustomersSee({ body: { resolution: 'fixed', note: 'new disk' } })).toEqual({ body: { resolution: 'fixed', note: 'new disk' } })
})
