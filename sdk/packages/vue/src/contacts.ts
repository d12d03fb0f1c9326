import { statusText, type TextOptions, type UserPresence } from '@presenced/client';
import { computed, defineComponent, h, type PropType, type SlotsType, type StyleValue } from 'vue';

import { useContacts, useNow, usePresence } from './composables.js';
import { PresenceDot } from './dot.js';

/** Somebody as the application knows them. */
export interface Contact {
  id: string;
  name?: string;
  /** The address of a picture. */
  avatar?: string;
}

const STYLES: Record<string, StyleValue> = {
  contact: { display: 'flex', alignItems: 'center', gap: '12px', padding: '8px 0' },
  avatar: { position: 'relative', width: '40px', height: '40px', flex: 'none' },
  picture: {
    display: 'grid', placeItems: 'center', width: '40px', height: '40px', borderRadius: '50%',
    objectFit: 'cover', background: '#37474F', color: '#fff',
  },
  dot: {
    position: 'absolute', right: '-1px', bottom: '-1px', borderRadius: '50%', background: '#fff',
    padding: '1px',
  },
  // The guide's blue; its white text would be too faint at this size.
  devices: {
    position: 'absolute', top: '-5px', right: '-5px', minWidth: '16px', padding: '2px 5px',
    borderRadius: '10px', background: '#2196F3', color: '#000', fontSize: '10px', lineHeight: 1.2,
    textAlign: 'center', boxSizing: 'border-box',
  },
  info: { minWidth: 0 },
  name: { fontWeight: 600 },
  message: { overflowWrap: 'anywhere' },
};

const look = {
  /** Words and language. */
  text: Object as PropType<TextOptions>,
  /** True: no styles of its own, only classes and `data-status` for a style sheet. */
  unstyled: Boolean,
};

/**
 * One contact: picture, dot, device badge, name, status or last seen, custom message. The default slot
 * (`{ presence, text }`) shows something else in place of them.
 */
export const ContactItem = defineComponent({
  name: 'ContactItem',
  props: { contact: { type: Object as PropType<Contact>, required: true }, ...look },
  slots: Object as SlotsType<{ default?: { presence: UserPresence; text: string } }>,
  setup(props, { slots }) {
    const presence = usePresence(() => props.contact.id);
    const now = useNow();
    // Read only where it is shown, so that the others do not render with the clock.
    const words = computed(() => {
      const { status, lastSeen } = presence.value;
      const ticks = status === 'offline' && lastSeen > 0;
      return statusText(presence.value, { ...(ticks && { now: now.value }), ...props.text });
    });
    return () => {
      if (slots.default) return slots.default({ presence: presence.value, text: words.value });
      const { id, name = id, avatar } = props.contact;
      const { status, deviceCount, customMessage } = presence.value;
      const style = (kind: string) => ({ style: props.unstyled ? undefined : STYLES[kind] });
      const part = (tag: string, kind: string, children: unknown, more: object = {}) =>
        h(tag, { class: `presence-${kind}`, ...style(kind), ...more }, children as string);
      return part('div', 'contact', [
        part('div', 'avatar', [
          avatar
            ? h('img', { src: avatar, alt: '', ...style('picture') })
            : h('span', { 'aria-hidden': 'true', ...style('picture') }, [...name][0]?.toUpperCase()),
          // Status and number of devices are in the words beside them.
          h(PresenceDot, { presence: presence.value, decorative: true, class: 'presence-dot', ...style('dot') }),
          deviceCount > 1 && part('span', 'devices', deviceCount, { 'aria-hidden': 'true' }),
        ]),
        part('div', 'info', [
          part('div', 'name', name),
          part('div', 'status', words.value),
          customMessage && part('div', 'message', customMessage),
        ]),
      ], { 'data-status': status });
    };
  },
});

const RANK = { online: 0, busy: 1, away: 1, offline: 2 };

/** A list of contacts; a change of one renders that one alone. The slot `item` draws each of them. */
export const ContactList = defineComponent({
  name: 'ContactList',
  props: {
    /** Default: all contacts of the user, those who are there first. */
    contacts: Array as PropType<readonly Contact[]>,
    /** The list's name for assistive technology. */
    label: { type: String, default: 'Contacts' },
    ...look,
  },
  slots: Object as SlotsType<{ item?: { contact: Contact } }>,
  setup(props, { slots }) {
    const all = useContacts();
    const sorted = computed((): readonly Contact[] =>
      props.contacts ??
      [...all.value]
        .sort((a, b) => RANK[a.status] - RANK[b.status] || (a.userId < b.userId ? -1 : 1))
        .map(({ userId }) => ({ id: userId })),
    );
    return () => {
      const { label, text, unstyled } = props;
      const style = unstyled ? undefined : { listStyle: 'none', margin: 0, padding: 0 };
      return h(
        'ul',
        // Safari forgets that a list without bullets is one, unless it is said.
        { class: 'presence-contacts', role: 'list', 'aria-label': label, style },
        sorted.value.map((contact) =>
          h('li', { key: contact.id },
            slots.item ? slots.item({ contact }) : [h(ContactItem, { contact, text, unstyled })])),
      );
    };
  },
});
