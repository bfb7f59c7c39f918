export const sourceTone = (state: 'ready' | 'stale' | 'unavailable'): 'in' | 'wait' | 'out' => (state === 'ready' ? 'in' : state === 'stale' ? 'wait' : 'out')
