import { STATUS_COLORS, statusText, type Status, type TextOptions, type UserPresence } from '@presenced/client';
import { defineComponent, h, type PropType, type VNode } from 'vue';

// A shape for each status beside its colour, for those who do not see the difference of colours: a
// disc, a crescent, a disc with a bar, a ring. The thin line around keeps the light colours apart from
// a white page.
const LINE = 'rgba(0, 0, 0, 0.6)';
const disc = (fill: string) => h('circle', { cx: 6, cy: 6, r: 5, fill, stroke: LINE });
const SHAPES: Record<Status, (color: string) => VNode[]> = {
  online: (color) => [disc(color)],
  away: (fill) => [h('path', { d: 'M8.5 1.7A5 5 0 1 0 10.6 8 4.2 4.2 0 0 1 8.5 1.7Z', fill, stroke: LINE })],
  busy: (color) => [disc(color), h('path', { d: 'M3.5 6h5', stroke: '#fff', 'stroke-width': 2 })],
  offline: (stroke) => [
    h('circle', { cx: 6, cy: 6, r: 4, fill: 'none', stroke, 'stroke-width': 2 }),
    h('circle', { cx: 6, cy: 6, r: 5.2, fill: 'none', stroke: LINE, 'stroke-width': 0.6 }),
  ],
};

/** The status as a coloured shape, labelled. `data-status` is for style sheets. */
export const PresenceDot = defineComponent({
  name: 'PresenceDot',
  props: {
    presence: { type: Object as PropType<Pick<UserPresence, 'status'>>, required: true },
    /** What it is called for those who do not see it. Default: the status in words. */
    label: String,
    /** Words and language of the default label. */
    text: Object as PropType<TextOptions>,
    /** In pixels. */
    size: { type: Number, default: 12 },
    /** True where the status stands beside it in words: assistive technology passes over it. */
    decorative: Boolean,
  },
  setup: (props) => () => {
    const { presence: { status }, label, text, size, decorative } = props;
    const name = label ?? statusText({ userId: '', status, lastSeen: 0, deviceCount: 0 }, text);
    const role = decorative ? { 'aria-hidden': 'true' } : { role: 'img', 'aria-label': name };
    return h(
      'svg',
      { ...role, 'data-status': status, width: size, height: size, viewBox: '0 0 12 12' },
      SHAPES[status](STATUS_COLORS[status]),
    );
  },
});
