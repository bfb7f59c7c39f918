import { describe, expect, it } from 'vitest'
import { effectScope } from 'vue'
import { onThisPage, placeOf } from './place'

describe('the place of a setting', () => {
  it('is the page with its field', () => {
    expect(placeOf('jwt.jwks_url')).toEqual({ path: '/jwt', query: { at: 'jwt.jwks_url' } })
    expect(placeOf('topic_rules')?.path).toBe('/topics')
    expect(placeOf('chain.no_match')?.path).toBe('/authentication')
  })
  it('is nowhere where no page has a field for it', () => {
    expect(placeOf('store.url')).toBeUndefined()
    effectScope().run(() => expect(onThisPage.size).toBe(0))
  })
})
