// 1. Presence mixin cho reusability
const PresenceMixin = {
    data() {
        return {
            userPresences: new Map(),
            heartbeatInterval: null
        };
    },
    
    mounted() {
        this.setupPresenceListeners();
        this.startHeartbeat();
    },
    
    beforeDestroy() {
        this.cleanup();
    },
    
    methods: {
        setupPresenceListeners() {
            this.$socket.on('user_online', this.handleUserOnline);
            this.$socket.on('user_offline', this.handleUserOffline);
            this.$socket.on('presence_status_response', this.handlePresenceResponse);
        },
        
        handleUserOnline(data) {
            this.$set(this.userPresences, data.userId, {
                status: 'online',
                lastSeen: data.lastSeen,
                deviceCount: data.deviceCount
            });
        },
        
        handleUserOffline(data) {
            this.$set(this.userPresences, data.userId, {
                status: 'offline',
                lastSeen: data.lastSeen,
                deviceCount: 0
            });
        },
        
        handlePresenceResponse(data) {
            if (data.users) {
                data.users.forEach(user => {
                    this.$set(this.userPresences, user.userId, {
                        status: user.status,
                        lastSeen: user.lastSeen,
                        deviceCount: user.deviceCount
                    });
                });
            }
        },
        
        startHeartbeat() {
            this.heartbeatInterval = setInterval(() => {
                this.$socket.emit('user_heartbeat', {
                    timestamp: Date.now(),
                    deviceInfo: this.getDeviceInfo()
                });
            }, 30000);
        },
        
        checkUsersPresence(userIds) {
            this.$socket.emit('check_users_presence', { userIds });
        },
        
        getDeviceInfo() {
            return {
                type: this.isMobile() ? 'mobile' : 'web',
                os: this.getOS(),
                browser: this.getBrowser()
            };
        },
        
        cleanup() {
            if (this.heartbeatInterval) {
                clearInterval(this.heartbeatInterval);
            }
            this.$socket.off('user_online', this.handleUserOnline);
            this.$socket.off('user_offline', this.handleUserOffline);
            this.$socket.off('presence_status_response', this.handlePresenceResponse);
        }
    }
};

// 2. Contact list component
export default {
    mixins: [PresenceMixin],
    
    props: ['contacts'],
    
    watch: {
        contacts: {
            immediate: true,
            handler(newContacts) {
                if (newContacts && newContacts.length > 0) {
                    const contactIds = newContacts.map(c => c.id);
                    this.checkUsersPresence(contactIds);
                }
            }
        }
    },
    
    computed: {
        contactsWithPresence() {
            return this.contacts.map(contact => ({
                ...contact,
                presence: this.userPresences.get(contact.id) || { status: 'offline' }
            }));
        }
    }
};
